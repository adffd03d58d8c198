"""The main job: several ways to one derivative, measured and judged against what is proved."""
