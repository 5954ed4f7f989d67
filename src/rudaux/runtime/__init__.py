"""What runs beside students' code: the supervisor of a submission, its kernels, their limits."""
