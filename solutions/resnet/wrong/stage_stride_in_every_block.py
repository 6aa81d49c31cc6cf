"""Every block of the stage has the stride."""
# loses: task2_make_stage_blocks, task3_resnet_function
# message: expected

# %% task2_make_stage
def make_stage(block, in_channels, out_channels, depth, stride=1):
    blocks = [block(in_channels, out_channels, stride)]
    blocks += [block(out_channels, out_channels, stride) for _ in range(depth - 1)]
    return nn.Sequential(*blocks)
