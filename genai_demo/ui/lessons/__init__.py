"""The pages "How it works": one for each family of networks, told on a real one."""
