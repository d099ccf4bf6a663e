"""Speed, measured beside public baselines in the same run; printed, never asserted."""
