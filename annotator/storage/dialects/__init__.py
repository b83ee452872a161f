"""What differs between the databases that a project may lie in; everything else is one code path in SQLAlchemy Core.

Enter through `dialect.Dialect`, which `database.Database` works with.
"""
