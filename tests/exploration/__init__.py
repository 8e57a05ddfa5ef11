"""An explorer of interleavings: it runs the domain's services through every order of their port calls."""
