"""What the tabs' pages "Train" have in common: what can be trained, the runs, and what their viewers are told."""
