"""ActionTrail 2020-07-06:  trails and the event history."""
