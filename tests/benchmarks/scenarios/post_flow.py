"""What a user of the project would write."""

from dmsperf_tui.engine.vu import VirtualUser


async def post(vu: VirtualUser) -> None:
    document = {
        "studentUniqueId": f"PERF{vu.iteration}",
        "firstName": f"First{vu.iteration}",
        "lastSurname": "Last",
        "birthDate": "2010-01-01",
    }
    response = await vu.post("/data", name="POST data", json=document, expect=(201,))
    vu.check("created", response.status == 201)
