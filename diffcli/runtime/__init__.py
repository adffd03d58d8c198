"""What the process lives in: errors, time and memory limits, streams; it knows no mathematics."""
