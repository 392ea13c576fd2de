"""Ed-Fi's Data Management Service: token, pre-flight, data and flows."""
