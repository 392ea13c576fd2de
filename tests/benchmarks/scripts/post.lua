-- For wrk: the same document again and again, which is the least that a generator can do.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"studentUniqueId":"PERF1","firstName":"First1","lastSurname":"Last","birthDate":"2010-01-01"}'
