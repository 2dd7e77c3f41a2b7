"""The ffmpeg backend: IR to filter graphs."""
