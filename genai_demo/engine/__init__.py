"""How anything is trained, kept and reproduced; knows no modality."""
