# mypy: ignore-errors
# Locust is no dependency of this project: only its own interpreter imports this file.
"""Each user posts a new document, as soon as the last one was answered, and checks the status."""

import json

from locust import FastHttpUser, constant, task

HEADERS = {"Content-Type": "application/json"}


class Poster(FastHttpUser):
    wait_time = constant(0)
    number = 0

    @task
    def post(self):
        self.number += 1
        document = {
            "studentUniqueId": f"PERF{self.number}",
            "firstName": f"First{self.number}",
            "lastSurname": "Last",
            "birthDate": "2010-01-01",
        }
        with self.client.post(
            "/data", data=json.dumps(document), headers=HEADERS, catch_response=True
        ) as response:
            if response.status_code != 201:
                response.failure("not created")
