"""What is asked: the function, the point, the derivative wanted, and what a user claims it is."""
