"""What a run leaves behind: integers, sums, histograms, transitions."""
