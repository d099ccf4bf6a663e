"""Where the page and its models are at home: what a Space needs, and what puts both on the Hugging Face hub."""
