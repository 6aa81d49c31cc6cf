# ruff: noqa: E501  a line per hole
"""What the corpus has found and nobody has closed yet: take a line out when its hole is closed (the marks are strict).

Keys are the ends of test ids.
"""

from __future__ import annotations

INIT = "bwrap's own process 1 is dumpable and has the student's uid: /proc/1/root leads around the kernel's view (bubblewrap.py: --as-pid-1)"
SYSCTL = "started as root, the student is the host's root to /proc/sys, which bwrap leaves writable (zygote.py: remount /proc read-only)"
PRLIMIT = "prlimit(2) asks for the same uid only: the zygote's limits can be lowered for good (zygote.py: compare them at `end`)"
HALF = "half a character (U+D800) in a text survives until .encode() (grading.py, kernel.py, seal.py)"
NAMES = "a name that the notebook does not define is the author's fault unless the stub defines it (hidden.py, names_to_define)"
DEEP = "rglob recurses into folders: RecursionError ends the whole grading (course.py: ordinary_files)"
BYTES = "a name that is no UTF-8 ends the whole grading (ledger.py: submission_hash; pipeline.py)"
TENSOR = (
    "a test that computes what it expects after the call uses the tensor that the student's code has changed (calls.py)"
)
ZYGOTE = "the zygote can be killed, and Slot.fork lets BrokenPipeError through: the submission is not graded (slot.py)"

CORPUS = {
    "reading-reads_other_processes_through_proc": INIT,
    "reading-traces_its_parents": INIT,
    "patching-transforms_the_input": NAMES,
    "replies-answers_names_that_nobody_asked_for": NAMES,
    "replies-overwrites_the_tests_own_tensor": TENSOR,
    "replies-overwrites_the_tests_own_tensor_by_a_forged_answer": TENSOR,
    "replies-sends_half_a_character": HALF,
    "replies-sends_an_error_with_half_a_character": HALF,
    "processes-kills_everyone": ZYGOTE,
    "processes-signals_other_processes": ZYGOTE,
    "processes-writes_to_the_system": SYSCTL,
    "notebooks-deletes_the_tests": "the last cell, put back, comes first: names.index(None) finds the first foreign cell (seal.py: _restore_missing)",
    "notebooks-has_cells_without_a_type": "AttributeError instead of InvalidSubmission (seal.py: read_notebook)",
    "notebooks-has_half_a_character_in_a_text_cell": HALF,
    "notebooks-has_half_a_character_in_the_code": HALF,
    "folders-hands_in_a_deep_folder": DEEP,
    "folders-hands_in_a_file_whose_name_is_no_text": BYTES,
    "folders-named_with_bytes_that_are_no_text": BYTES,
}
CONTRACT = {
    "test_the_promise_is_kept[kernel-other processes' memory cannot be read]": INIT,
    "test_the_promise_is_kept[kernel-settings of the machine cannot be written]": SYSCTL,
    "test_settings_of_the_host_cannot_be_opened_for_writing[kernel]": SYSCTL,
    "'text': '\\\\ud800'}]": HALF,
    "test_a_later_kernel_finds_nothing_of_an_earlier_ones_result_in_its_memory[kernel]": "the zygote reads results into its heap and forks it (zygote.py: read in a child)",
    "test_random_numbers_differ_from_one_to_the_next[kernel]": "torch's generator is not seeded anew after the fork (zygote.py: torch.seed())",
}
CONTRACT |= {
    f"reach_the_next_kernel[kernel-limits its {what}]": PRLIMIT
    for what in ("memory", "files", "processor time", "stack")
}
CONTRACT["reach_the_next_kernel[kernel-leaves a key in the keyring]"] = (
    "keyrings belong to the uid and the user namespace (zygote.py: clear @u, or none)"
)
CONTRACT |= {
    f"planted_for_the_next_kernel[kernel-{what}]": INIT
    for what in (
        "a file in the next working folder",
        "a configuration of IPython",
        "a configuration of Jupyter",
        "a library for every program",
        "a folder of sockets",
        "a file in a home folder",
        "a file in the slot's temporary folder",
    )
}
KNOWN = {
    **{f"[{name}]": reason for name, reason in CORPUS.items()},
    **CONTRACT,
    **{
        f"{test}[folders:{name}]": reason
        for test in ("test_neighbours_are_unhurt", "test_everyone_has_one_row")
        for name, reason in {
            "hands_in_a_deep_folder": DEEP,
            "hands_in_a_file_whose_name_is_no_text": BYTES,
            "named_with_bytes_that_are_no_text": BYTES,
        }.items()
    },
    "test_what_the_teacher_reads_in_the_terminal_holds_no_commands_to_it": "student names and messages of visible tests are not made printable (grading.py, cli/results.py)",
}
