def resolution(plan):
    return ""
