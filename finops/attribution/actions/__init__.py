"""What people ask to be changed: each action writes, notes what it touched, and asks for a settle."""
