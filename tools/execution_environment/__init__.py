"""The execution environment, built of what this machine has: its apt, its pip and its engine. Nothing is asked for
while the image is built, so nothing of this machine can be left in it."""
