"""What holds for all tests."""

from hypothesis import settings

# An example may take as long as it takes: machines are busy, and time is no part of being right.
# Whoever chose another profile (`--hypothesis-profile`, mutation testing) keeps it.
if settings.get_current_profile_name() == "default":
    settings.register_profile("yizhan", deadline=None)
    settings.load_profile("yizhan")
