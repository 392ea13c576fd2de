# mypy: ignore-errors
# Locust is no dependency of this project: only its own interpreter imports this file.
"""Each user gets one page a second."""

from locust import FastHttpUser, constant, task


class Reader(FastHttpUser):
    wait_time = constant(1)

    @task
    def read(self):
        self.client.get("/page")
