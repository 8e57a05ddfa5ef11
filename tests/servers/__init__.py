"""Real servers, from wheels, as direct children of the test process."""
