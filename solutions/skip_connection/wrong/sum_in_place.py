"""The first maps are overwritten by the sum (mistake 18)."""
# loses: task5_add_maps_sum
# message: changed its own input

# %% task5_add_maps
def add_maps(first, second):
    sizes = [max(a, b) for a, b in zip(first.shape[1:], second.shape[1:])]
    if list(first.shape[1:]) == sizes:
        first = first.add_(pad_to(second, *sizes)) if not first.requires_grad else first + pad_to(second, *sizes)
        return first
    return pad_to(first, *sizes) + pad_to(second, *sizes)
