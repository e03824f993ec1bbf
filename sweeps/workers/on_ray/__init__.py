"""Run trials on Ray Tune: place them on workers, and guard the workers."""
