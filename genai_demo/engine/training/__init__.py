"""The training loop and what it is given: tasks, schedules, averages, run folders, devices."""
