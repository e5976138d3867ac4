"""What can be asked of each noun: a wish in, what is shown out. Routes and commands call these."""
