"""Grade what comes in, as it comes in: `loop` looks at inbox, `submitted/` and ledger and does what is not done yet.

There is no queue beside the files. An upload stays in the inbox until its result is recorded; what lies in
`submitted/` is graded when the ledger does not have it. So the loop may be killed anywhere and started again.
"""
