"""What the ablations replace in the Focus layer.

``mixer.AblatedMixer`` builds every layer that differs from the paper's. Its parts extend those of
the layer, and each of them has the name of the file that it extends.
"""
