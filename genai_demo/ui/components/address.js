// Where a link comes in: the page's script hands over what the address asks for.
genaiDemo.offer(element, { follow: (wanted) => trigger("follow", wanted) });
