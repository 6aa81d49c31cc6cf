"""Audit an assignment: whether its tests take what is right, refuse what is wrong, and notice a small change.

    subjects    which assignment, and where its answers lie
    preparing   nbgrader's release of it, in a folder that is thrown away
    cases       reference, untouched release, right and wrong answers; `verdicts` says what each must earn
    names       what hidden tests call, against what the notebook defines (`scope` reads that off)
    mutation    small changes of the reference solution; `edits` makes them, `equivalent` knows which change nothing
    pruning     what a mutant need not run
    running     jobs through the sandbox, the same way as `grader grade`; `cache` remembers their reports
    auditing    all of that for one assignment; `results` is what comes out

Nothing is written to a gradebook, a class database or a ledger.
"""
