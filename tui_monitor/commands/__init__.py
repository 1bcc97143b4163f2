"""What each command does, a module a family; heavy imports wait until the command is called."""
