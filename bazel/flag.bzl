"""flag: a yes or no that a transition can set, and a config_setting can ask for."""

def _flag_impl(ctx):
    return []

flag = rule(
    implementation = _flag_impl,
    build_setting = config.bool(),
)
