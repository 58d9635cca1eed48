"""The numbers that the Robopipe surface takes: field, least, most.

As the published API prints them; what is under test must not be its own witness.
"""

SEED_LIMITS = [
    ("exposure_time", 1, 33000),
    ("sensitivity_iso", 100, 5000),
    ("auto_exposure_compensation", -9, 9),
    ("contrast", -10, 10),
    ("brightness", -10, 10),
    ("saturation", -10, 10),
    ("chroma_denoise", 0, 4),
    ("luma_denoise", 0, 4),
    ("manual_whitebalance", 1000, 12000),
]
# What later versions have added to it.
LATER_LIMITS = [("sharpness", 0, 4)]
