"""SQLite: schema, migrations, search, trash, snapshots and repair of everything that must not be lost."""
