"""Back to the learning management system: files of its own that are filled in, and Moodle's web service."""
