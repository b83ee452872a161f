"""`python -m annotator` is the command line.

Tests: tests/web/test_server.py
"""

import sys

from annotator.cli import main

sys.exit(main())
