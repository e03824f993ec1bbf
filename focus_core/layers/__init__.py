"""What several systems share: attention, convolution, averages, embeddings; what each costs."""
