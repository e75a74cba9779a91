"""Run folders: what a training leaves behind for people and programs to read."""
