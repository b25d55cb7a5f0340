"""Stock counts from a file.

The steps, by file: ``file`` reads lines, ``row`` checks them, ``key`` names each one,
``into_log`` or ``over_http`` records them, ``run`` drives and tells.
"""
