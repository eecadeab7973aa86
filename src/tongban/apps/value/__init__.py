"""What a service costs and what an investment is worth (价值评估), from files or from the trail."""
