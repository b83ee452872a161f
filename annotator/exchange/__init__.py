"""In and out of a project: COCO and other formats on one side, the store on the other.

Enter through `leaving` (exports), and through `finding` and `coming` (imports).
May import storage, vision, core and system.
"""
