/** What a VM can be called: a name of its runtime folder, and Firecracker's instance id. */
export const VM_NAME = /^[A-Za-z0-9-]{1,64}$/;
