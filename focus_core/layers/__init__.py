"""What several systems share: attention, convolution, averages, embeddings, and their cost."""
