"""Pictures from strangers: checked, decoded to upright RGB, shown to browsers and trainers.

Enter through `decode` (bytes or file -> Photo) and `renditions` (Photo -> what others see). Imports core and system.
"""
