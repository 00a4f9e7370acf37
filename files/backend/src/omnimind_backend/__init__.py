"""The reference backend of the OmniMind platform."""
