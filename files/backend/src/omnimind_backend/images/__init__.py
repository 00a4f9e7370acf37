"""The image optimiser: pictures made smaller, safely."""
