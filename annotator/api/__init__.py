"""What scripts may use: the names of `annotator` itself, each in a file here.

Nothing here decides anything: it names what other wings do, in values that stay as they are. Every other module of the
package is private, and may change at any time.

Tests: tests/api/test_model.py, tests/api/test_project.py
"""
