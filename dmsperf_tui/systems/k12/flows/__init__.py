"""What teachers, students and admins do on the platform: one function a flow, one call an iteration."""
