"""The corpus is something to search in: its tests are not ours to run."""

collect_ignore = ["corpus"]
