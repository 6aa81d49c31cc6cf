"""What keeps a class whole: repair of what was lost or damaged, cells that come and go, backup and restore."""
